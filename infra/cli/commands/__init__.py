"""One module for each command, in folders by purpose."""
