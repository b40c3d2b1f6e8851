groceries add Something for the soup that Noor likes
# added Something for the soup that Noor likes
groceries sync
# idle: 0 waiting, 1 rejected
groceries rejected
# Something for the soup that Noor likes: name: …20…
