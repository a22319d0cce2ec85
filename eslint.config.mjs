import tseslint from 'typescript-eslint';

/**
 * Each ban carries its reason and the way out. Formatting is prettier's business alone, and who may import whom
 * is held by test/architecture/imports.spec.ts: neither is repeated here.
 */
const syntaxBans = [
  {
    selector: 'TSEnumDeclaration',
    message:
      'An enum emits code, is nominal and cannot be erased: write `const MODES = [...] as const` and a union type of its members.',
  },
  {
    selector: 'ExportDefaultDeclaration',
    message: 'A default export has another name in each importing file and cannot be searched for: export it by name.',
  },
  {
    selector: 'ExportSpecifier[exported.name="default"]',
    message: 'A default export has another name in each importing file and cannot be searched for: export it by name.',
  },
];

/** Sizes: a file that grows past its limit holds two nouns or two duties, and wants to be two files. */
const MAX_FILE_LINES = 320;
const MAX_FUNCTION_LINES = 70;

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '.berth/', 'apps/console/dist/'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // A promise nobody awaits loses its error, and with it the answer to a client: await it, or `void` it and say why.
      '@typescript-eslint/no-floating-promises': 'error',
      // `if (promise)` is always true, and a callback whose promise is dropped fails in silence: await first.
      '@typescript-eslint/no-misused-promises': 'error',
      // `return promise` inside try/catch leaves the try before it fails: `return await`.
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      // swc compiles file by file and cannot tell a type from a value: types say that they are types. The rule keeps
      // off files with decorators by itself: there a class named only in a signature is metadata, hence a value.
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      // `any` switches the compiler off for everything it touches: use `unknown` and narrow it.
      '@typescript-eslint/no-explicit-any': 'error',
      // `!` is a claim that nothing checks: narrow it, or `assert` with a sentence. Declared fields of DTOs and
      // entities (`field!: T`) are not expressions and stay free.
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // Nest modules and DTOs are classes that may have decorators instead of members.
      '@typescript-eslint/no-extraneous-class': 'off',
      'no-restricted-syntax': ['error', ...syntaxBans],
      'max-lines': ['error', { max: MAX_FILE_LINES, skipBlankLines: false, skipComments: false }],
      // One equality in the language: `==` turns '' and null into surprises.
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      // Each of these is nearly always a slip.
      'array-callback-return': 'error',
      'no-async-promise-executor': 'error',
      'no-compare-neg-zero': 'error',
      'no-cond-assign': 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-debugger': 'error',
      'no-duplicate-case': 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-fallthrough': 'error',
      'no-return-assign': 'error',
      'no-self-compare': 'error',
      'no-sparse-arrays': 'error',
      'no-template-curly-in-string': 'error',
      'no-unreachable': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-escape': 'error',
    },
  },
  {
    // `field!: T` is how a class that a library fills in declares its fields; nowhere else does somebody else
    // fill them: there, give the field a value or take it in the constructor. Specs may declare such classes to try.
    files: ['**/*.ts', '**/*.tsx'],
    ignores: ['**/*.dto.ts', '**/*.entity.ts', '**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...syntaxBans,
        {
          selector: 'PropertyDefinition[definite=true], VariableDeclarator[definite=true]',
          message:
            'Only fields of DTOs and entities are filled in by somebody else: give it a value, or take it in the constructor.',
        },
      ],
    },
  },
  {
    files: ['apps/**/*.ts', 'apps/**/*.tsx', 'libs/**/*.ts', 'migrations/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/test-support/**'],
    rules: {
      'max-lines-per-function': [
        'error',
        { max: MAX_FUNCTION_LINES, skipBlankLines: false, skipComments: false, IIFEs: true },
      ],
    },
  },
  {
    files: ['apps/api/**/*.ts', 'libs/**/*.ts'],
    // A library does not know whose terminal it writes to, and the service writes log lines that machines read: return
    // or throw what happened, or use the logger of apps/api.
    rules: { 'no-console': 'error' },
  },
  {
    files: ['**/*.mjs'],
    rules: { eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error', 'no-unused-vars': 'error' },
  },
);
