groceries watch once
# -- to buy: 3
# [ ] Leek, synced
# [ ] Oat milk, synced
# [ ] Salt, synced
kill $SERVER
wait $SERVER
