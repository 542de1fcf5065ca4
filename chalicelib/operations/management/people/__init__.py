"""What the people who manage a run see of each other's accounts, and change about them."""
