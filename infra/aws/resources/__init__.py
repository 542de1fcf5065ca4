"""What a deployed app consists of at AWS, piece by piece."""
