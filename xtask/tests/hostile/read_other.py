"""Takes another's work for its own."""

exec(open("OTHER").read())
