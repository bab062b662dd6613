"""Sites of our own making that no spider was written for, each built another way."""
