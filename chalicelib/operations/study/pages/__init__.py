"""Shows the page that is due, takes its answers, and carries out what follows."""
