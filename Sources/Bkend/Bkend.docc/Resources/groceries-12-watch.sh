groceries watch once
# -- to buy: 3
# [ ] Oat milk, synced
# [ ] Salt, synced
# [ ] Leek, synced
kill $SERVER
wait $SERVER
