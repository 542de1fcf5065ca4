"""Commands for recruiting participants."""
