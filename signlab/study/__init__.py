"""Studies as plain data: recipes, components, designs, runs and their results. No torch here."""
