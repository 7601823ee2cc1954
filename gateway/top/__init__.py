"""`mrx top`: the overview in a terminal, live. Imported only by that command: Textual is large.

    overview (app) --enter--> one partner (partner)
          '-- p, u --> why? (asking) --> the acts of `gateway.acts.lanes`

It shows the views that the console's pages show, and does what they do by the same acts. It reads
anew every few seconds, in a thread; what stands under the cursor stays there.
"""
