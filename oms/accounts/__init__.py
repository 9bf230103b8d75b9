"""Accounts: who somebody is and what he may do. Knows no HTTP."""
