"""Groups of users, such as labs: members, requests to join, and what is granted to the group."""
