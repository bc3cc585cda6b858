"""Who may come into the desk.

entrance.py    the door as decisions: roles, sessions, limits, cookies, where a request comes from
login.py       in and out: a name, a password and a code → a session
people.py      what is done to accounts, their keys and codes
passwords.py   which may be chosen, how one is kept
second_factor.py  codes from the phone
throttle.py    how often somebody tried lately
errands.py     how often we ask others for somebody
"""
