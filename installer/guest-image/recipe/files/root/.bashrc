# Interactive shells in the sandbox.
case $- in
*i*) ;;
*) return ;;
esac

HISTCONTROL=ignoreboth
HISTSIZE=5000
shopt -s checkwinsize histappend

PS1='\[\e[1;32m\]\u@\h\[\e[0m\]:\[\e[1;34m\]\w\[\e[0m\]\$ '
case $TERM in
xterm*) PS1='\[\e]0;\u@\h: \w\a\]'$PS1 ;;
esac

eval "$(dircolors -b)"
alias ls='ls --color=auto'
alias ll='ls -l'
alias la='ls -A'
alias grep='grep --color=auto'
export LESS=-R
