"""The operator's commands for Mechanical Turk: list, expire and extend HITs, assign qualifications."""
