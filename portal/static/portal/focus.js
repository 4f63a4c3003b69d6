// After a POST the page speaks first of what went wrong or what was done: move the focus there.
document.querySelector("[data-focus]")?.focus();
