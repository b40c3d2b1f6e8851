groceries add Bread
# added Bread
groceries add Oat milk
# added Oat milk
groceries bought Bread
groceries
# [x] Bread, pending
# [ ] Oat milk, pending
