"""The program ``gateway``, and ``python -m gateway``: the command line, once it is loaded."""

import signal


def main() -> None:
    """The command line. Ctrl-C while it is loaded, which takes a second or two, ends it without a traceback."""
    # Not where whoever started it lets it be ignored.
    is_usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_usual:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from gateway.cli import app

    if is_usual:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    app(prog_name="gateway")


if __name__ == "__main__":
    main()
