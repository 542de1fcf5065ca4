"""The library of studies, from the author's side: folders become packages, and packages become folders."""
