if [ -n "$BASH" ] && [ -f ~/.bashrc ]; then
    . ~/.bashrc
fi
