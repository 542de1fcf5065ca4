"""One module per command, grouped into folders by purpose."""
