"""Accounts, office users and rights: frozen values, and the book that stores them."""
