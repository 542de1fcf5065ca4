"""One module for each command, in folders by what the commands are for."""
