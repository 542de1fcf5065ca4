"""What commands say that were called wrongly, or fail."""
