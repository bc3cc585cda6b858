"""The version, said in one place: packaging, `--version` and the User-Agent read it here."""

VERSION = "0.1.0"
