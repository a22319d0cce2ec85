# syntax=docker/dockerfile:1

# Compiles the sources. Everything installed here stays here.
FROM node:20-bookworm-slim AS build
WORKDIR /berth
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY .swcrc tsconfig.json ./
COPY apps apps
COPY libs libs
COPY migrations migrations
RUN npm run build

# What runs needs: no compilers, no test tools, and none of the optional packages, which are the binaries of the
# PostgreSQL that Berth starts when nobody gives it a database. In a container it is given one.
FROM node:20-bookworm-slim AS modules
WORKDIR /berth
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional && npm cache clean --force

FROM node:20-bookworm-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8778
WORKDIR /berth
# package.json names the doors between the libraries (#berth/*): node needs it at run time.
COPY package.json LICENSE ./
COPY --from=modules /berth/node_modules node_modules
COPY --from=build /berth/dist dist
# Files belong to root: the service can read its own code and not change it.
USER node
EXPOSE 8778
# `GET /` needs no token. The image has no curl, node has fetch.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Not through npm: npm as the first process would swallow the signal that asks for a clean stop.
CMD ["node", "dist/apps/cli/src/main.js", "serve"]
