"""What the desk's three panes show: queue, thread, person."""
