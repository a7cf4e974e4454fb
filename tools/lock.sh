#!/bin/sh
# Renew the locks: what `make up` and `make test` install, by hash, from any index. Needs uv and npm.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
lock() {
    out=$1; shift
    uv pip compile "$@" --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        --no-annotate --universal --python-version 3.11 --quiet --output-file "requirements/$out"
}
lock base.txt pyproject.toml requirements/build.in --extra embedded
lock meaning.txt requirements/meaning.in --constraint requirements/base.txt
lock node.txt requirements/node.in
lock dev.txt pyproject.toml requirements/build.in --extra embedded --extra dev --constraint requirements/base.txt
for peer in apkit mastodon pasture synapse; do
    lock "../tests/peers/$peer/requirements.txt" "tests/peers/$peer/requirements.in"
done
npm install --package-lock-only
npm install --package-lock-only --prefix tests/peers/bluesky
npm install --package-lock-only --prefix tests/peers/fedify
# Whom to sponsor stands there with an address; a lock needs none.
python3 - package-lock.json tests/peers/*/package-lock.json <<'END'
import json, pathlib, sys
for path in map(pathlib.Path, sys.argv[1:]):
    held = json.loads(path.read_text())
    for package in held["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(held, indent=2, ensure_ascii=False) + "\n")
END
