/* The texts of the set-up page, served at /setup, /setup.css and /setup.js. */
#pragma once

extern const char setup_page_html[];
extern const char setup_page_css[];
extern const char setup_page_js[];
