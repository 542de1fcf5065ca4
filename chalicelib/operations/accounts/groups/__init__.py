"""Groups of users, such as labs: who is in them, who asks to be, and what is granted to them."""
