"""What happens over time: builds, agents, schedules and the news of them."""
