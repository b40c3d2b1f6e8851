groceries rename Leek
groceries sync
# idle: 0 waiting, 0 rejected
