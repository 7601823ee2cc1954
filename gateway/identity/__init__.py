"""Who may act here: people with roles, their sessions, and what each role may do.

roles ── rights          what a role may do, on one page
users ── passwords       who there is, and how they prove it here
   │  └ signing_in       a password tried, and proved
   │    └ tries ── device     wrong ones counted, by where they come from; who is no stranger there
   ├ admission           ... or at the identity provider: whom it names, let in or made a user
   │    └ provider ── id_token ── attempt     asked there, verified, one sign-in on its way
   ├ shared_secret       what all servers of a gateway know, and nobody else
   ├ turns               so many at a time, of what takes long
   └ sessions            who is signed in at the console
actor                    whoever acts: a person at the console or the command line, or a token
"""
