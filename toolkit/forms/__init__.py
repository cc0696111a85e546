"""Forms for notebooks and Voilà: views over the toolkit's verbs, without logic of their own."""
