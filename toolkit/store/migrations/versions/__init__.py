"""One module a version; the number in the name is the order."""
