// This page answers a form that was sent. Make its entry in the history one that asks for the page:
// else Back to it, or a reload, shows the browser's question whether to send the form again.
history.replaceState(history.state, "");
