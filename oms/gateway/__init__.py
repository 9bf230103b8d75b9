"""The door that leads out: to payment providers. Asks them outside of any transaction, records what they say in one."""
