"""What `flask oms doctor` examines. Each finding says what is wrong and what to do about it."""
