# Completion of sonde's arguments for bash: source it, or let `make install` put it where bash looks.
# Keys of the scenario file come from the program itself, one level at a time.

# The keys that begin with a word, as far as the next dot.
_sonde_keys() {
	local word=$1 table=
	[[ $word != *.* ]] || table=${word%.*}
	sonde help ${table:+"$table"} 2>/dev/null |
		awk -v table="${table:+$table.}" -v word="$word" \
			'/^  [a-z_0-9]+  / && $1 != "takes" && index(table $1, word) == 1 { print table $1 }'
}

_sonde() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} words=
	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		words='run emu sweep replay check trace cluster report compare explain models help version'
	elif [[ $command == help || $before == --set ]]; then
		mapfile -t COMPREPLY < <(_sonde_keys "$word")
		[[ $before != --set ]] || compopt -o nospace
		return
	elif [[ $before == --trace-format || $before == --format || $before == -f ]]; then
		words='sonde azure2023 azure2024 vidur burstgpt mooncake servegen azure-functions-2019 azure-functions-2021'
	elif [[ $before == --by ]]; then
		words='scheduling cold-start'
	elif ((COMP_CWORD == 2)) && [[ $command == emu ]]; then
		words=local
	elif ((COMP_CWORD == 2)) && [[ $command == trace ]]; then
		words='info convert synth audit'
	elif ((COMP_CWORD == 2)) && [[ $command == cluster ]]; then
		words=import
	elif [[ $word == -* ]]; then
		case $command in
		run | emu)
			words='--trace --trace-format --trace-loop --set --variant --seed --seeds --out --requests --decisions --tape
				--json --quiet --help'
			[[ $command == run ]] || words+=' --speed'
			;;
		sweep) words='--out --jobs --set --variant --json --quiet --help' ;;
		check) words='--set --variant --quiet --help' ;;
		report) words='--out --metric --run --help' ;;
		explain) words='--run --pod --slowest --by --timeline --json --help' ;;
		cluster) words='--free --out --help' ;;
		compare) words='--a --b --json --help' ;;
		trace)
			words='--help'
			case ${COMP_WORDS[2]} in
			info) words+=' --format --zero-tokens --lenient --reorder --trace-loop --seed --set --quantiles --tenants
				--autoscaler --json' ;;
			convert) words+=' --format --zero-tokens --lenient --reorder --trace-loop --seed --set --to
				--service' ;;
			synth) words+=' --out --seed --set' ;;
			audit) words+=' --json' ;;
			esac
			;;
		*) words='--help' ;;
		esac
	fi
	if [[ -n $words ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -F _sonde sonde
