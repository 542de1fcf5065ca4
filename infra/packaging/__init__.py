"""What an app is made of, found on this machine: its files, its versions, its size and its Python."""
