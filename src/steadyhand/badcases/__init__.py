"""Bad cases: what went wrong in an evaluation, a gate or the agent's log, as category, cause and remedy; and the way
back into data. Stands above flow and agent, because it reads what both leave behind; trains and asks nothing."""
