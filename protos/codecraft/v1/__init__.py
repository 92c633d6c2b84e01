"""Version 1 of the contract. The `.proto` files of this folder are the documentation; everything else in it is generated."""
