"""How models write calls and thoughts: one object per format. No other room knows a tag."""
