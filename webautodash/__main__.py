"""``python -m webautodash``: the command line."""

from webautodash.cli import main

if __name__ == "__main__":
    main()
