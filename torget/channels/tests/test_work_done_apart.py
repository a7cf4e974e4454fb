"""Work on strangers' bytes is done in a child: it can be ended, it cannot take the machine, and it dies with us."""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from tests.cast import NOW
from torget.channels import pictures
from torget.channels.apart import answers
from torget.channels.apart.answers import Raised
from torget.channels.apart.places import Died, Full, Place, TooLong, Work
from torget.channels.contract import Author, File, InboundMessage
from torget.errors import Busy
from torget.protocols.files import BadFile

MEMORY = 300_000_000


@contextmanager
def place(act, *, name="test", at_once=1):
    made = Place(Work(name, act, at_once, MEMORY))
    try:
        yield made
    finally:
        made.close()


def test_what_does_not_end_is_ended_and_the_next_is_done():
    with place("time:sleep") as one:
        begun = time.monotonic()
        with pytest.raises(TooLong):
            one.run(60, seconds=0.5)
        assert time.monotonic() - begun < 20
        assert one.run(0, seconds=20) is None


def test_a_loop_in_c_that_holds_the_lock_is_ended_too():
    # Quadratic in CPython: the very thing that stood still for minutes.
    with place("unicodedata:normalize", name="test-c") as one, pytest.raises((TooLong, Raised)):
        one.run("a", seconds=5)  # the wrong number of arguments: the child answers, and stays
    with place("re:compile") as one, pytest.raises(TooLong):
        one.run("(" * 50 + "a" * 9_000_000 + ")" * 50, seconds=0.2)


def test_what_takes_too_much_memory_is_refused():
    with place("builtins:bytearray") as one:
        with pytest.raises(Raised, match="MemoryError"):
            one.run(10 * MEMORY, seconds=20)
        assert len(one.run(1_000_000, seconds=20)) == 1_000_000


def test_a_child_that_dies_is_replaced():
    with place("os:_exit") as one:
        for _each in range(2):
            with pytest.raises(Died):
                one.run(3, seconds=20)


def test_no_more_than_the_machine_may_do_at_once():
    with place("time:sleep") as one, place("time:sleep") as other:
        busy = threading.Thread(target=one.run, args=(2,), kwargs={"seconds": 20})
        busy.start()
        time.sleep(1)
        with pytest.raises(Full):
            other.run(0, seconds=20, wait_seconds=0.1)
        busy.join()
        assert other.run(0, seconds=20, wait_seconds=20) is None


def test_large_questions_and_answers_arrive_whole():
    with place("builtins:bytes") as one:
        assert one.run(b"x" * 20_000_000, seconds=60) == b"x" * 20_000_000


def test_the_child_ends_with_the_process_that_asked():
    program = (
        "import os, sys\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'torget.config.settings'\n"
        "from torget.channels.apart.places import Place, Work\n"
        f"place = Place(Work('orphan', 'builtins:len', None, {MEMORY}))\n"
        "place.run('abc', seconds=20)\n"
        "print(place._free[0].process.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("the child outlived its parent")


def test_only_plain_values_and_our_own_are_believed():
    said = InboundMessage("1", Author("a"), "Hei", NOW, attachments=[File("x", "image/png", b"x")])
    assert answers.opened(answers.packed([said])) == [said]

    class Evil:
        def __reduce__(self):
            return os.system, ("true",)

    for value in (Evil(), Counter("abc"), Path("/etc")):
        with pytest.raises(Raised, match="UnpicklingError"):
            answers.opened(answers.packed(value))
    with pytest.raises(Raised):
        answers.opened(b"+" + pickle.dumps("x")[:-2])


# Pictures ----------------------------------------------------------------------------------------


def picture(kind="PNG", size=(40, 30), mode="RGB"):
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind)
    return out.getvalue()


def test_pictures_are_cleaned_apart():
    content, media_type, width, height = pictures.clean(picture())
    assert (media_type, width, height) == ("image/jpeg", 40, 30)
    assert content.startswith(b"\xff\xd8")
    with pytest.raises(BadFile, match="not_an_image"):
        pictures.clean(b"MZ")


def test_pictures_that_came_together_share_a_measure():
    whole = picture(size=(5_000, 5_000), mode="1")
    made = pictures.clean_all([whole] * 7)
    assert [fault.code for fault in made] == ["too_large"] * 7
    assert pictures.clean_all([picture(), b"x"])[1].code == "not_an_image"


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_a_picture_that_must_be_decoded_whole_may_have_fewer_pixels(kind):
    with pytest.raises(BadFile, match="too_large"):
        pictures.clean(picture(kind, (5_001, 5_000), "L" if kind != "WEBP" else "RGB"))


def test_nobody_waits_long_and_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(pictures, "WAIT_SECONDS", 0.1)
    with place("time:sleep", name="pictures", at_once=pictures.PLACE.work.at_once) as other:
        threads = [
            threading.Thread(target=other.run, args=(3,), kwargs={"seconds": 20})
            for _each in range(pictures.PLACE.work.at_once)
        ]
        for thread in threads:
            thread.start()
        time.sleep(1)
        with pytest.raises(Busy):
            pictures.clean(picture())
        for thread in threads:
            thread.join()
    assert pictures.clean(picture(), patient=True)


def test_most_threads_stay_free_for_everybody_else(settings):
    pictures._threads.cache_clear()
    settings.THREADS = 4
    with pictures._room(patient=False), pictures._room(patient=False):
        with pytest.raises(Busy), pictures._room(patient=False):
            pass
        with pictures._room(patient=True):
            pass
    pictures._threads.cache_clear()
