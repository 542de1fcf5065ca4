"""What moto lacks or takes too simply."""
