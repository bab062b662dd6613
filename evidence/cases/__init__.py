"""What a person does with cases: join copies, close, and how long copies stayed up."""
