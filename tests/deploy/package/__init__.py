"""What Lambda gets: staged, resolved, built."""
